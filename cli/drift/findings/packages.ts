import type { Evidence } from "../../fleet/answer";
import type { DeployedUnit } from "../../state";
import { Kind, Repair } from "./finding";
import type { Finding } from "./finding";

/** The unit's packages, and their versions where it names them. */
export const packageFindings = ({ manifest }: DeployedUnit, { packages }: Evidence): Finding[] =>
    (packages === undefined ? [] : manifest.packages).flatMap((stated): Finding[] => {
        const [name = "", wanted] = stated.split("=");
        const there = packages?.get(name);
        const about = { kind: Kind.Package, subject: name };
        if (there === undefined) return [{ ...about, detail: "not installed", repair: Repair.Prepare }];
        return wanted === undefined || wanted === there
            ? []
            : [
                  {
                      ...about,
                      detail: `${there} is installed, and ${wanted} was asked for`,
                      repair: Repair.Host,
                      commands: [`apt-get install --allow-downgrades ${stated}`],
                  },
              ];
    });
