#!/usr/bin/env node
// The stand-in for the random plugin, for machines that cannot download the original.
import { serve } from "../provider";
import { random } from "./random";

serve(random);
