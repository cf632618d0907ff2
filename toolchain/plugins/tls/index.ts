#!/usr/bin/env node
// The stand-in for the tls plugin, for machines that cannot download the original.
import { bridgedProvider } from "../bridged";
import { serve } from "../provider";
import { resources } from "./resources";

serve(bridgedProvider("tls", "5.6.1", resources, ["proxy"]));
