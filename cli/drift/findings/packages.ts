import { alternatives } from "../../../remote/manifest";
import type { Evidence } from "../../fleet/answer";
import type { DeployedUnit } from "../../state";
import { Kind, Repair } from "./finding";
import type { Finding } from "./finding";

/** The unit's packages, and their versions where it names them. */
export const packageFindings = ({ manifest }: DeployedUnit, { packages }: Evidence): Finding[] =>
    (packages === undefined ? [] : manifest.packages).flatMap((stated): Finding[] => {
        const choice = alternatives(stated);
        const chosen = choice.find(({ name }) => packages?.has(name));
        const subject = chosen?.name ?? choice.map(({ name }) => name).join(" or ");
        const about = { kind: Kind.Package, subject };
        if (chosen === undefined) return [{ ...about, detail: "not installed", repair: Repair.Prepare }];
        const { name, version: wanted } = chosen;
        const there = packages?.get(name);
        return wanted === undefined || wanted === there
            ? []
            : [
                  {
                      ...about,
                      detail: `${there} is installed, and ${wanted} was asked for`,
                      repair: Repair.Host,
                      commands: [`apt-get install --allow-downgrades ${name}=${wanted}`],
                  },
              ];
    });
