#!/usr/bin/env node
// The stand-in for the random plugin, for machines that cannot download the original.
import { bridgedProvider } from "../bridged";
import { serve } from "../provider";
import { resources } from "./resources";

serve(bridgedProvider("random", "4.21.2", resources));
