// PEM text (RFC 7468).

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----\r?\n[\s\S]*?-----END \1-----/;

/** The first PEM block of a text, which must be of one of these types. `path` is the property's name for the error. */
export function pemBlock(pem: string, types: string[], path: string): string {
    const found = BLOCK.exec(pem);
    if (found === null) throw new Error(`${path}: there is no PEM text in it; expected ${types.join(" or ")}`);
    const [block, type = ""] = found;
    if (!types.includes(type)) throw new Error(`${path}: is PEM of type ${type}; expected ${types.join(" or ")}`);
    return block;
}

/** The bytes of a PEM block that has no headers. */
export function pemBytes(block: string): Buffer {
    return Buffer.from(block.replace(/-----[^-]+-----/g, ""), "base64");
}

/** PEM text in lines of 64 characters, with a newline at the end. */
export function pemText(type: string, der: Uint8Array): string {
    const lines =
        Buffer.from(der)
            .toString("base64")
            .match(/.{1,64}/g) ?? [];
    return `-----BEGIN ${type}-----\n${lines.join("\n")}\n-----END ${type}-----\n`;
}
