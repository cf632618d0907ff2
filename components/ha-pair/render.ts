import { manifest } from "../../remote/manifest";
import type { Manifest } from "../../remote/manifest";
import type { PairSpec } from "./spec";

/** The services of a pair with keepalived, on one node: they run, from boot on. With Pacemaker the cluster alone starts and stops them. */
export const renderServices = (spec: PairSpec): Manifest =>
    manifest({
        unit: `pair-${spec.name}-services`,
        packages: packages(spec),
        services: spec.services.map(({ unit }) => ({ name: unit, enabled: true, running: true })),
    });

/** What the services need on each node, each once. */
export const packages = (spec: PairSpec): string[] => [
    ...new Set(spec.services.flatMap((service) => service.packages)),
];
