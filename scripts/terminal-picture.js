// A picture (SVG) of what a terminal showed, from the text with its escape sequences:
//
//     script -qec 'npx pulumi-ha plan' plan.txt; node scripts/terminal-picture.js '$ npx pulumi-ha plan' <plan.txt >docs/pictures/plan.svg
//
// What `script` itself says is left out. Columns fit in any monospaced font: each line says how wide it is.
const fs = require("node:fs");
const { stripVTControlCharacters } = require("node:util");

const CHARACTER = 7.8;
const LINE = 18;
const MARGIN = 16;
const COLOURS = {
    31: "#f47067",
    32: "#6bc46d",
    33: "#daaa3f",
    34: "#6cb6ff",
    35: "#dcbdfb",
    36: "#39c5cf",
    90: "#8b949e",
};

const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** A line's pieces of one style each; the style goes on into the next line. */
function pieces(line, style) {
    const found = [];
    const [first, ...others] = line.split("\u001b[");
    for (const [, codes, text] of [
        ["", "", first],
        ...others.map((part) => /^([\d;]*)m(.*)$/.exec(part) ?? ["", "", part]),
    ]) {
        for (const code of codes.split(";").map(Number)) {
            if (code === 0 && codes !== "") Object.assign(style, { colour: undefined, bold: false });
            if (code === 1) style.bold = true;
            if (code === 22) style.bold = false;
            if (code === 39) style.colour = undefined;
            if (code in COLOURS) style.colour = COLOURS[code];
        }
        if (text !== "") found.push({ text, ...style });
    }
    return found;
}

function row(line, number, style) {
    const parts = pieces(line, style);
    const length = [...parts.map(({ text }) => text).join("")].length;
    if (length === 0) return "";
    const spans = parts.map(({ text, colour, bold }) => {
        const attributes = `${colour ? ` fill="${colour}"` : ""}${bold ? ' font-weight="bold"' : ""}`;
        return attributes === "" ? escaped(text) : `<tspan${attributes}>${escaped(text)}</tspan>`;
    });
    const y = MARGIN + LINE * (number + 0.75);
    return `<text x="${MARGIN}" y="${y}" textLength="${(length * CHARACTER).toFixed(1)}">${spans.join("")}</text>\n`;
}

const title = process.argv[2] ?? "";
const shown = fs
    .readFileSync(0, "utf8")
    .replaceAll("\r", "")
    .split("\n")
    .filter((line) => !/^Script (started|done) on /.test(line));
while (shown.length > 0 && shown.at(-1) === "") shown.pop();
const lines = [...(title === "" ? [] : [`\u001b[1m${title}\u001b[0m`]), ...shown];
const columns = Math.max(...lines.map((line) => [...stripVTControlCharacters(line)].length));
const width = Math.ceil(columns * CHARACTER + 2 * MARGIN);
const height = lines.length * LINE + 2 * MARGIN;
const style = { colour: undefined, bold: false };
process.stdout
    .write(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>${escaped(title)}</title>
<rect width="100%" height="100%" rx="8" fill="#161b22"/>
<g font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="13" fill="#d0d7de" xml:space="preserve">
${lines.map((line, number) => row(line, number, style)).join("")}</g>
</svg>
`);
