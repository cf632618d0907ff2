/** What stands for a credential. */
export const MASKED = "***";

/** What stands for a value in a credential's place that is not the credential: that one the host has masked. */
const OTHER = `${MASKED} (another value)`;

const PLACEHOLDER = /@@credential:[a-z0-9][a-z0-9._-]*@@/;
const PLACEHOLDERS = new RegExp(PLACEHOLDER, "g");

/** Words that a value follows which nobody else should read. Corosync's `token: 1000` is a time. */
const SECRET =
    /((?:auth_)?pass(?:word|wd|phrase)?|secret|token(?!: \d{1,6}$)|credentials?|private[-_]?key|shared[-_]?key|api[-_]?key|wsrep_sst_auth)(["']?\s*[:= \t]\s*)(\S.*)$/i;
const KEY_BLOCK = /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g;

/** The content that was applied, as it may be shown. */
export const expectedShown = (content: string): string => content.replace(PLACEHOLDERS, MASKED);

/**
 * Content of a host as it may be shown. Values of credentials that lie on the host are masked there; here it is what may stand in their place: the rest of
 * a line that begins like one with a credential, values with a telling name, private keys.
 */
export function foundShown(content: string, expected: string): string {
    // What was applied holds no credential, so a line of it can be shown.
    const applied = new Set(expected.split("\n"));
    const beginnings = expected
        .split("\n")
        .filter((line) => PLACEHOLDER.test(line))
        .map((line) => line.split(PLACEHOLDER))
        .map(([begin = "", ...rest]) => ({ begin, end: rest.at(-1) ?? "" }));
    return content
        .replace(KEY_BLOCK, MASKED)
        .split("\n")
        .map((line) => {
            if (applied.has(line)) return line;
            const like = beginnings.find(({ begin }) => begin.trim() !== "" && line.trim().startsWith(begin.trim()));
            if (like) {
                const kept = like.end !== "" && line.endsWith(like.end) ? like.end : "";
                const begin = line.indexOf(like.begin.trim()) + like.begin.trim().length;
                const value = line.slice(begin, line.length - kept.length).trim();
                return `${line.slice(0, begin)}${/\s$/.test(like.begin) ? " " : ""}${value === MASKED ? MASKED : OTHER}${kept}`;
            }
            return line.replace(SECRET, `$1$2${MASKED}`);
        })
        .join("\n");
}

/** A value of a setting as it may be shown. @param subject whose last word is the setting's name. */
export const valueShown = (subject: string, value: string): string =>
    SECRET.test(`${subject.split(" ").at(-1)}: ${value}`) ? MASKED : value;
