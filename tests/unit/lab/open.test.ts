import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { labDown } from "../../../lab/down";
import { folderOf, labOpen } from "../../../lab/open";
import { DEFAULTS, labDir } from "../../../lab/plan";
import { recordedLab } from "../../../lab/state";

jest.mock("../../../lab/state", () => ({ ...jest.requireActual("../../../lab/state"), recordedLab: jest.fn() }));

const up = (...labs: { name: string; dir: string }[]): void =>
    void jest.mocked(recordedLab).mockImplementation((name) => {
        const record = labs.find((lab) => lab.name === name);
        return record && { ...record, subnet: DEFAULTS.subnet };
    });

const ELSEWHERE = "/srv/other/.lab";
const WORDS = `the lab "lab" is that of ${ELSEWHERE}: give --name lab if you mean it`;

let empty: string;
beforeAll(() => (empty = mkdtempSync(path.join(tmpdir(), "pulumi-ha-open-"))));
afterAll(() => rmSync(empty, { recursive: true }));

describe("the default lab is that of another folder", () => {
    beforeEach(() => up({ name: "lab", dir: ELSEWHERE }));

    test("fails: a command without its name", () => {
        expect(() => folderOf({})).toThrow(WORDS);
        expect(() => labOpen()).toThrow(WORDS);
    });

    test("fails: taking it down without its name, in whatever folder", async () => {
        jest.spyOn(process, "getuid").mockReturnValue(0);
        await expect(labDown()).rejects.toThrow(WORDS);
        await expect(labDown({ dir: empty })).rejects.toThrow(WORDS);
    });

    test("with its name it is found", () => expect(folderOf({ name: "lab" })).toBe(ELSEWHERE));

    test("another lab is opened by its folder alone", () =>
        expect(() => labOpen({ dir: empty })).toThrow(`(looked in ${empty})`));
});

test("the default lab of this folder needs no name, whether it is up or not", () => {
    up({ name: "lab", dir: labDir("lab") });
    expect(folderOf({})).toBe(labDir("lab"));
    up();
    expect(folderOf({})).toBe(labDir("lab"));
});

test("another lab needs its name alone, wherever it is up", () => {
    up({ name: "shop", dir: "/srv/shop/.lab/shop" });
    expect(folderOf({ name: "shop" })).toBe("/srv/shop/.lab/shop");
});
