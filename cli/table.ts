/** Rows as text in columns as wide as their longest entry; numbers to the right. */
export function table(columns: string[], rows: string[][]): string {
    const all = [columns, ...rows];
    const widths = columns.map((_, column) => Math.max(...all.map((row) => (row[column] ?? "").length)));
    const numeric = columns.map((_, column) => rows.every((row) => /^[-\d]/.test(row[column] ?? "")));
    const line = (row: string[]) =>
        row
            .map((entry, column) =>
                numeric[column] ? entry.padStart(widths[column] ?? 0) : entry.padEnd(widths[column] ?? 0),
            )
            .join("  ")
            .trimEnd();
    return [line(columns), widths.map((width) => "-".repeat(width)).join("  "), ...rows.map(line)].join("\n");
}
