// The stand-in for the tls plugin 5.6.1.
import { bridgedProvider } from "../bridged";
import { resources } from "./resources";

/** The plugin. */
export const tls = bridgedProvider("tls", "5.6.1", resources, ["proxy"]);
