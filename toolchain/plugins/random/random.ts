// The stand-in for the random plugin 4.21.2.
import { bridgedProvider } from "../bridged";
import { resources } from "./resources";

/** The plugin. */
export const random = bridgedProvider("random", "4.21.2", resources);
