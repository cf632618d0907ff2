// Adds up what the test runs found and ends with one line that says it. In CI a skipped test is a failure: nothing may hide there.
const fs = require("node:fs");
const path = require("node:path");

const [dir, failedSteps] = process.argv.slice(2);
const total = { passed: 0, failed: Number(failedSteps), skipped: 0 };

for (const project of ["unit", "policy", "lab-alone", "lab"]) {
    const file = path.join(dir, `${project}.json`);
    if (!fs.existsSync(file)) {
        console.log(`${project}: did not run to its end`);
        total.failed++;
        continue;
    }
    const result = JSON.parse(fs.readFileSync(file, "utf8"));
    const broken = result.numRuntimeErrorTestSuites;
    console.log(
        `${project}: ${result.numPassedTests} passed, ${result.numFailedTests + broken} failed, ${result.numPendingTests} skipped`,
    );
    total.passed += result.numPassedTests;
    total.failed += result.numFailedTests + broken;
    total.skipped += result.numPendingTests + result.numTodoTests;
}

if (process.env.CI && total.skipped > 0) {
    console.log(`${total.skipped} tests were skipped: in CI that is a failure`);
    total.failed += total.skipped;
    total.skipped = 0;
}
console.log(`${total.passed} passed, ${total.failed} failed${total.skipped ? `, ${total.skipped} skipped` : ""}`);
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;
