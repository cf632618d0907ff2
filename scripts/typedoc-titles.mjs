// A guide is called in the site's index what its first heading says, not what its file is called.
import { Converter } from "typedoc";

export function load(app) {
    app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
        for (const guide of project.documents ?? []) {
            const text = guide.content.map(({ text }) => text).join("");
            guide.name = /^# (.+)$/m.exec(text)?.[1] ?? guide.name;
        }
    });
}
