import { batsTests } from "../../../bats";

batsTests(__dirname, "what is done to members");
