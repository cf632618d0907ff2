#!/usr/bin/env node
// The stand-in for the command plugin, for machines that cannot download the original.
import { serve } from "../provider";
import { command } from "./command";

serve(command);
