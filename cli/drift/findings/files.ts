import type { ManagedFile } from "../../../remote/manifest";
import type { Compared, Evidence, Place } from "../../fleet/answer";
import { visible } from "../../plan/diff";
import type { DeployedUnit } from "../../state";
import { unifiedDiff } from "../diff";
import { expectedShown, foundShown } from "../mask";
import { Kind, Repair } from "./finding";
import type { Finding } from "./finding";
import { isRunning } from "./services";

/** The file as it is on the host. */
export function fileFindings({ manifest }: DeployedUnit, file: ManagedFile, evidence: Evidence): Finding[] {
    const { path } = file;
    const compared = evidence.files.get(manifest.unit)?.get(path);
    const place = evidence.places?.get(path);
    if (compared === undefined) return [];
    const { verdict } = compared;
    const apply = { subject: path, repair: Repair.Apply };
    if (verdict === "absent") return [{ ...apply, kind: Kind.FileMissing, detail: "the file is not there" }];
    if (verdict === "link" || verdict === "special") {
        const target = evidence.links.get(path);
        const what =
            verdict === "link" ? `a symbolic link to ${visible(target ?? "?")}` : `a ${place?.kind ?? "special file"}`;
        const command = place?.kind === "directory" ? `mv ${path} ${path}.away` : `rm ${path}`;
        return [
            {
                subject: path,
                kind: Kind.NotAFile,
                detail: `${what} is there instead of the file`,
                repair: Repair.HostThenApply,
                commands: [command],
            },
        ];
    }
    if (verdict.startsWith("unreadable:"))
        return [{ ...apply, kind: Kind.FileDiffers, detail: `it cannot be read: ${verdict.slice(11)}` }];
    return [
        ...(verdict === "differs" ? [taken(file, evidence, contentFinding(file, compared))] : []),
        ...(place && (place.mode !== file.mode || place.owner !== file.owner) ? [modeFinding(file, place)] : []),
    ];
}

function contentFinding(file: ManagedFile, { content }: Compared): Finding {
    const about = { kind: Kind.FileDiffers, subject: file.path, repair: Repair.Apply };
    if (file.credential !== undefined)
        return { ...about, detail: `it does not hold the credential ${file.credential} (content not shown)` };
    if (content === undefined || content.kind === "binary")
        return { ...about, detail: `binary data is there instead, ${content?.bytes ?? 0} bytes (not shown)` };
    const expected = expectedShown(file.content);
    const whole = foundShown(content.text, file.content);
    const found = content.kind === "head" ? whole.slice(0, whole.lastIndexOf("\n") + 1) : whole;
    const diff = unifiedDiff(expected, found)?.map(visible);
    const big =
        content.kind === "head" ? `; only the first ${content.text.length} of ${content.bytes} bytes were read` : "";
    if (diff === undefined)
        return { ...about, detail: `it is quite another file of ${content.bytes} bytes (not shown)` };
    return diff.length === 0
        ? { ...about, detail: `it differs in a credential (not shown)${big}` }
        : { ...about, detail: `its content differs${big}`, diff: diff.slice(0, DIFF_LINES) };
}

/** The finding, with what running services have made of the file. */
function taken(file: ManagedFile, { places, services }: Evidence, finding: Finding): Finding {
    const changed = places?.get(file.path)?.changed;
    const said = file.onChange.flatMap((activation) => {
        const state = services.get(activation.target);
        if (activation.do === "run" || changed === undefined || !state || !isRunning(state)) return [];
        const since = activation.do === "restart" ? state.started : state.turned;
        if (since === undefined) return [];
        return [`${activation.target} ${since > changed ? "runs with it" : "has not taken it"}`];
    });
    return { ...finding, detail: [finding.detail, ...new Set(said)].join("; ") };
}

/** Lines of a diff that are shown. */
const DIFF_LINES = 200;

const modeFinding = (file: { path: string; mode: string; owner: string }, place: Place): Finding => ({
    kind: Kind.ModeOrOwner,
    subject: file.path,
    detail: `${place.mode} ${place.owner}, and should be ${file.mode} ${file.owner}`,
    repair: Repair.Apply,
});

/** The unit's directories. */
export const directoryFindings = ({ manifest }: DeployedUnit, { places }: Evidence): Finding[] =>
    places === undefined
        ? []
        : manifest.directories.flatMap((directory): Finding[] => {
              const place = places.get(directory.path);
              const about = { kind: Kind.Directory, subject: directory.path };
              if (place === undefined)
                  return [{ ...about, detail: "the directory is not there", repair: Repair.Apply }];
              // A link to a directory serves as one, and its mode says nothing.
              if (place.kind === "symbolic link") return [];
              if (place.kind !== "directory")
                  return [
                      {
                          ...about,
                          detail: `a ${place.kind} is there instead`,
                          repair: Repair.HostThenApply,
                          commands: [`mv ${directory.path} ${directory.path}.away`],
                      },
                  ];
              return place.mode === directory.mode && place.owner === directory.owner
                  ? []
                  : [{ ...modeFinding(directory, place), kind: Kind.Directory }];
          });
