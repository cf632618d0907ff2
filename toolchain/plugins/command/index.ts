// Entry of the stand-in pulumi-resource-command.
import { serve } from "../provider";
import { command } from "./command";

serve(command);
