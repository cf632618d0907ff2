// Loaded into every program, policy pack and plugin before the SDK.
import { createRequire } from "node:module";
import type * as jspb from "google-protobuf";
import { useNativeTexts } from "../plugins/native-texts";
import { loadModulesLate } from "./late-modules";
import "./plain-errors";
import { rememberStacks } from "./remembered-stacks";

rememberStacks();
loadModulesLate();

// The SDK's instance of the library, found from the SDK's entry point. Programs that a program starts inherit this file, and have none.
const entry = process.argv[1];
if (entry?.includes("@pulumi/pulumi/cmd/")) useNativeTexts(createRequire(entry)("google-protobuf") as typeof jspb);
