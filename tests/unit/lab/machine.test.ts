import { digest, recipe } from "../../../lab/base";
import { debianMirrors, reachableNameservers } from "../../../lab/machine";

const DEB822 = `Types: deb
# a comment
URIs: http://mirror.example/debian/
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example/security
Suites: bookworm-security
Components: main
`;

test("the machine's own mirrors, from either form of apt's sources", () => {
    const expected = { release: "http://mirror.example/debian", security: "http://mirror.example/security" };
    expect(debianMirrors([DEB822])).toEqual(expected);
    expect(
        debianMirrors([
            "# deb http://old.example/debian bookworm main\n" +
                "deb [signed-by=/k.gpg] http://mirror.example/debian bookworm main\n" +
                "deb http://mirror.example/security bookworm-security main contrib\n",
        ]),
    ).toEqual(expected);
});

test("vendors' repositories, other releases and disabled sources are left out", () => {
    const others = [
        "deb https://vendor.example/apt bookworm stable\n",
        "Types: deb\nURIs: https://vendor.example/node\nSuites: nodistro\nComponents: main\n",
        "Types: deb\nEnabled: no\nURIs: http://off.example/debian\nSuites: bookworm\nComponents: main\n",
        "deb http://archive.example/ubuntu jammy main\n",
    ];
    expect(debianMirrors(others)).toBeUndefined();
    expect(recipe({ settings: [] }).sources).toEqual([]);
});

test("name servers on loopback are of no use to a host", () => {
    expect(
        reachableNameservers("# stub\nnameserver 127.0.0.53\nnameserver 192.0.2.53\nsearch example.org\nsortlist x\n"),
    ).toBe("nameserver 192.0.2.53\nsearch example.org\n");
});

test("a base root is named after everything it is made from", () => {
    const mirrors = { release: "http://a/debian", security: "http://a/security" };
    const source = { mirrors, settings: [] };
    expect(digest(recipe(source))).toBe(digest(recipe({ ...source })));
    expect(digest(recipe(source))).not.toBe(
        digest(recipe({ ...source, mirrors: { ...mirrors, release: "http://b/debian" } })),
    );
});

test("the base root has none of what the library installs", () => {
    const { packages } = recipe({ settings: [] });
    expect(packages).not.toEqual(
        expect.arrayContaining([expect.stringMatching(/keepalived|haproxy|mariadb|drbd|curl|python/)]),
    );
});
