import fc from "fast-check";
import { foundShown } from "../../../cli/drift/mask";
import { placeholder } from "../../../remote/manifest";
import { hostile } from "../../hostile";
import { CONF, SERVICE, conf, found, host, parts } from "./drift-host";

const expected = `auth_pass ${placeholder("auth")}\nurl http://u:${placeholder("web")}@x/\nplain 1\n`;

test("what stands in a credential's place on a host is not shown", () => {
    expect(foundShown("auth_pass hunter2\nurl http://u:hunter3@x/\nplain 2\n", expected)).toBe(
        "auth_pass *** (another value)\nurl http://u:*** (another value)@x/\nplain 2\n",
    );
    expect(foundShown("auth_pass ***\nurl http://u:***@x/\n", expected)).toBe("auth_pass ***\nurl http://u:***@x/\n");
    expect(foundShown("wsrep_sst_auth = mysql:\n", "wsrep_sst_auth = mysql:\n")).toBe("wsrep_sst_auth = mysql:\n");
    expect(foundShown("  password = hunter2\nssl_key: ok\napi-key 'hunter3'\n", "")).toBe(
        "  password = ***\nssl_key: ok\napi-key ***\n",
    );
    expect(foundShown("x\n-----BEGIN EC PRIVATE KEY-----\nhunter2\n", "")).toBe("x\n***");
});

test("a file that is a credential is not shown at all", () => {
    const of = { ...parts, files: [conf({ credential: "key", content: "" })] };
    expect(found(host({ files: `verdict\t${CONF}\tdiffers\n` }), of)).toEqual([
        `file differs: ${CONF}: it does not hold the credential key (content not shown); ${SERVICE} runs with it [apply]`,
    ]);
});

test("no value of a credential's line comes through, whatever surrounds it", () =>
    fc.assert(
        fc.property(hostile, (before) => {
            const line = `${before.replaceAll("\n", "")} auth_pass hunter2`;
            expect(foundShown(`${line}\n`, `${line.replace("hunter2", placeholder("auth"))}\n`)).not.toContain(
                "hunter2",
            );
        }),
    ));
