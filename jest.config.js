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
    "ha-pair",
    "whole-stack",
    "vms",
    "drbd-volume",
    "pair",
].map((name) => `/tests/lab/${name}.test.ts`);

// Not part of `npm test`: half an hour of an emulator, each fault until both machines are well again; and what needs modules that no package brings.
const PAIR_FAULTS = "/tests/lab/pair-faults.test.ts";
const DRBD_9 = "/tests/lab/drbd-quorum.test.ts";

module.exports = {
    projects: [
        project("unit"),
        project("policy"),
        project("lab-alone", { testMatch: ALONE.map((file) => `<rootDir>${file}`) }),
        project("lab", { testPathIgnorePatterns: ["/node_modules/", ...ALONE, PAIR_FAULTS, DRBD_9] }),
        project("pair", { testMatch: [`<rootDir>${PAIR_FAULTS}`] }),
        project("drbd9", { testMatch: [`<rootDir>${DRBD_9}`] }),
    ],
};
