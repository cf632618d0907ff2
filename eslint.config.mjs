import eslint from "@eslint/js";
import tseslint from "typescript-eslint";

/** The rooms, and which of them each may import: the table of CONTRIBUTING.md. */
const ROOMS = {
    components: ["remote"],
    remote: [],
    plugin: ["components"],
    policy: [],
    lab: [],
    toolchain: [],
    cli: ["components", "remote", "plugin", "lab", "toolchain"],
    // The package alone, as users import it.
    examples: [],
    tests: null,
};

const ofRoom = ([room, allowed]) => {
    const others = Object.keys(ROOMS).filter((other) => other !== room && !allowed.includes(other));
    const message = `${room} may import ${allowed.join(", ") || "no other room"}: CONTRIBUTING.md, "Rooms"`;
    return {
        files: [`${room}/**/*.ts`],
        rules: {
            "no-restricted-imports": [
                "error",
                { patterns: [{ regex: `^(\\.\\./)+(${others.join("|")})(/|$)`, message }] },
            ],
        },
    };
};

export default tseslint.config(
    { ignores: ["**/dist", "coverage", ".lab", ".pulumi-ha", "docs/site", "**/node_modules", "tests/vectors"] },
    eslint.configs.recommended,
    {
        files: ["**/*.ts"],
        extends: [tseslint.configs.recommendedTypeChecked],
        languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
        rules: {
            // An Output in a template string or a condition is the classic Pulumi mistake: the compiler does not see it.
            "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
            "@typescript-eslint/no-base-to-string": "error",
            "@typescript-eslint/no-floating-promises": "error",
            "@typescript-eslint/no-unnecessary-condition": "error",
            "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
            "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
            "@typescript-eslint/consistent-type-imports": "error",
            "no-control-regex": "off",
        },
    },
    ...Object.entries(ROOMS)
        .filter(([, allowed]) => allowed !== null)
        .map(ofRoom),
    {
        files: ["tests/**/*.ts"],
        rules: {
            // Recorded mock calls and JSON read back from tools are untyped by nature.
            "@typescript-eslint/no-unsafe-assignment": "off",
            "@typescript-eslint/no-unsafe-member-access": "off",
            "@typescript-eslint/no-unsafe-argument": "off",
            "@typescript-eslint/no-unsafe-return": "off",
            "@typescript-eslint/require-await": "off",
        },
    },
    {
        files: ["**/*.js"],
        extends: [tseslint.configs.disableTypeChecked],
        languageOptions: {
            globals: {
                require: "readonly",
                module: "writable",
                process: "readonly",
                __dirname: "readonly",
                console: "readonly",
                Buffer: "readonly",
            },
        },
    },
);
