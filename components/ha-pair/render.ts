import { manifest, restart } from "../../remote/manifest";
import type { Manifest, Step } from "../../remote/manifest";
import { rootFile } from "../shared/files";
import type { PairSpec } from "./spec";

/** What a restart in place takes, as a rule. */
const RESTART_SECONDS = 2;

/** The services of a pair with keepalived, on one node: they run, from boot on. With Pacemaker the cluster alone starts and stops them. */
export const renderServices = (spec: PairSpec): Manifest =>
    manifest({
        unit: `pair-${spec.name}-services`,
        packages: packages(spec),
        files: spec.services.flatMap(({ unit, files }) =>
            Object.entries(files).map(([path, content]) =>
                rootFile(path, "0644", content, { onChange: [restart(unit, RESTART_SECONDS)] }),
            ),
        ),
        validators: checks(spec),
        services: spec.services.map(({ unit }) => ({ name: unit, enabled: true, running: true })),
    });

/** What the services need on each node, each once. */
export const packages = (spec: PairSpec): string[] => [
    ...new Set(spec.services.flatMap((service) => service.packages)),
];

/** Files of all services, by path. */
export const files = (spec: PairSpec): Record<string, string> =>
    Object.assign({}, ...spec.services.map((service) => service.files)) as Record<string, string>;

/** What tells that the services' files are right: of those that have any. */
export const checks = (spec: PairSpec): Step[] =>
    spec.services.flatMap(({ name, files: own, check }) =>
        check === undefined || Object.keys(own).length === 0
            ? []
            : [{ name: `${name} accepts its configuration`, command: check }],
    );
