// What the compiler leaves undone: it copies no shell scripts, which are sent to hosts or run on this machine and go beside their compiled reader; and it
// keeps what it once made of a source that is gone, which would be joined with what is there now, or be taken in the place of a folder of its name.
const fs = require("node:fs");
const path = require("node:path");

const root = path.join(__dirname, "..");
const dist = path.join(root, "dist");
const filesBelow = (folder) =>
    fs
        .readdirSync(folder, { recursive: true, withFileTypes: true })
        .flatMap((entry) =>
            entry.isDirectory() ? [] : [path.relative(folder, path.join(entry.parentPath ?? entry.path, entry.name))],
        );

for (const room of ["components", "remote", "plugin", "lab", "toolchain", "cli"]) {
    const target = path.join(dist, room);
    for (const file of filesBelow(path.join(root, room))) {
        if (!/(\.(sh|pl|sql|go|mod|sum)|^schema\.json)$/.test(file)) continue;
        fs.mkdirSync(path.dirname(path.join(target, file)), { recursive: true });
        fs.copyFileSync(path.join(root, room, file), path.join(target, file));
    }
    for (const file of filesBelow(target)) {
        const source = path.join(root, room, file.replace(/(\.d\.ts|\.js)(\.map)?$/, ".ts"));
        if (!fs.existsSync(source)) fs.rmSync(path.join(target, file), { force: true });
    }
}
const cli = path.join(dist, "cli", "index.js");
if (fs.existsSync(cli)) fs.chmodSync(cli, 0o755);
