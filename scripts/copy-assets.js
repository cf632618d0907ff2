// The compiler copies no shell scripts: what is sent to hosts or run on this machine goes beside its compiled reader.
const fs = require("node:fs");
const path = require("node:path");

const root = path.join(__dirname, "..");
for (const room of ["components", "remote", "lab", "toolchain", "cli"]) {
    for (const entry of fs.readdirSync(path.join(root, room), { recursive: true })) {
        if (!/\.(sh|pl|sql|go|mod|sum)$/.test(entry)) continue;
        const target = path.join(root, "dist", room, entry);
        fs.mkdirSync(path.dirname(target), { recursive: true });
        fs.copyFileSync(path.join(root, room, entry), target);
    }
}
const cli = path.join(root, "dist", "cli", "index.js");
if (fs.existsSync(cli)) fs.chmodSync(cli, 0o755);
