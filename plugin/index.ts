/**
 * The library, and the same as a plugin where Pulumi's SDK starts it as one. `main` of package.json, as that is what the SDK loads; programs in TypeScript
 * get `components` by `exports`.
 */
import { provider } from "@pulumi/pulumi";
import { ComponentPlugin } from "./provider";

export * from "../components";

// The SDK's own host, which it starts for the classes above, stands back for one that serves: it would look at sources that the package does not have.
if (/[\\/]cmd[\\/]run-plugin([\\/]|$)/.test(process.argv[1] ?? ""))
    void provider.main(new ComponentPlugin(), process.argv.slice(2));
