const project = (name, extra = {}) => ({
    displayName: name,
    testMatch: [`<rootDir>/tests/${name}/**/*.test.ts`],
    testEnvironment: "node",
    transform: { "^.+\\.ts$": ["ts-jest", { tsconfig: "<rootDir>/tsconfig.json", transpilation: true }] },
    modulePathIgnorePatterns: ["<rootDir>/dist", "<rootDir>/.lab", "<rootDir>/.pulumi-ha"],
    ...extra,
});

// What holds seconds against a promise, or looks at the machine as a whole: nothing else may run meanwhile. The others mostly wait for their hosts.
const ALONE = [
    "lab",
    "keepalived-vip",
    "haproxy-frontend",
    "haproxy-galera",
    "galera-faults",
    "pacemaker-cluster",
    "pacemaker-changes",
    "whole-stack",
    "vms",
    "drbd-volume",
    "drbd-quorum",
    "pair",
].map((name) => `/tests/lab/${name}.test.ts`);

// Half an hour of an emulator, each fault until both machines are well again: not part of `npm test`.
const PAIR_FAULTS = "/tests/lab/pair-faults.test.ts";

module.exports = {
    projects: [
        project("unit"),
        project("policy"),
        project("lab-alone", { testMatch: ALONE.map((file) => `<rootDir>${file}`) }),
        project("lab", { testPathIgnorePatterns: ["/node_modules/", ...ALONE, PAIR_FAULTS] }),
        project("pair", { testMatch: [`<rootDir>${PAIR_FAULTS}`] }),
    ],
};
