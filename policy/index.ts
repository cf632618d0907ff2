import { PolicyPack } from "@pulumi/policy";
import { profileFrom, unknownsFrom } from "./environment";
import { configOf } from "./profiles";
import { policies } from "./rules";

const unknowns = unknownsFrom(process.env);
new PolicyPack("pulumi-ha", { policies: policies(unknowns) }, configOf(profileFrom(process.env)));
