/** The components as a plugin, for programs in languages other than TypeScript: what Pulumi starts for the folder that `pulumi package add` was given. */
import { provider } from "@pulumi/pulumi";
import { ComponentPlugin } from "./provider";

void provider.main(new ComponentPlugin(), process.argv.slice(2));
