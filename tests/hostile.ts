import fc from "fast-check";

/** What means something to shells, to here-documents, to the manifest's text or to regular expressions. */
const WORDS = [
    ..."'\"$`\\\n|\r\t &*~",
    ...["| ", "$(id)", "%s", "\\n", "!!", "\nEOF\n", "PULUMI_HA_MANIFEST", "\nPULUMI_HA_MANIFEST\n"],
    ...["file /x 0644 root:root", "end 3", "\nend 3\n", "@@credential:", "@@"],
];
/** What terminals, editors and encodings make something of. */
const CHARACTERS = ["\u0001", "\u007f", "\u001b[0m", "é", "日本", "\u2028", "\ufeff", "\u{1f600}"];

/** Anything that UTF-8 can carry but NUL, weighted towards what breaks quoting. */
export const hostile: fc.Arbitrary<string> = fc
    .array(fc.oneof(fc.constantFrom(...WORDS), fc.constantFrom(...CHARACTERS), fc.string({ unit: "grapheme" })), {
        maxLength: 16,
    })
    .map((parts) => parts.join("").replaceAll("\0", ""));
