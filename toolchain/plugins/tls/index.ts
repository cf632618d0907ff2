#!/usr/bin/env node
// The stand-in for the tls plugin, for machines that cannot download the original.
import { serve } from "../provider";
import { tls } from "./tls";

serve(tls);
