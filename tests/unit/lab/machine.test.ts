import { digest, recipe } from "../../../lab/base";
import { debianMirrors, reachableNameservers } from "../../../lab/machine";
import { Release } from "../../../lab/plan";

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
    expect(debianMirrors([DEB822], Release.bookworm)).toEqual(expected);
    expect(
        debianMirrors(
            [
                "# deb http://old.example/debian bookworm main\n" +
                    "deb [signed-by=/k.gpg] http://mirror.example/debian bookworm main\n" +
                    "deb http://mirror.example/security bookworm-security main contrib\n",
            ],
            Release.bookworm,
        ),
    ).toEqual(expected);
});

test("a mirror of one release has the others too; that of the hosts' own goes first", () => {
    const expected = { release: "http://mirror.example/debian", security: "http://mirror.example/security" };
    expect(debianMirrors([DEB822], Release.trixie)).toEqual(expected);
    expect(debianMirrors([DEB822, "deb http://new.example/debian trixie main\n"], Release.trixie)).toEqual({
        ...expected,
        release: "http://new.example/debian",
    });
    expect(recipe(Release.trixie, { mirrors: expected, settings: [] }).sources).toEqual([
        "deb http://mirror.example/debian trixie main",
        "deb http://mirror.example/debian trixie-updates main",
        "deb http://mirror.example/security trixie-security main",
    ]);
});

test("vendors' repositories, other releases and disabled sources are left out", () => {
    const others = [
        "deb https://vendor.example/apt bookworm stable\n",
        "Types: deb\nURIs: https://vendor.example/node\nSuites: nodistro\nComponents: main\n",
        "Types: deb\nEnabled: no\nURIs: http://off.example/debian\nSuites: bookworm\nComponents: main\n",
        "deb http://archive.example/ubuntu jammy main\n",
    ];
    expect(debianMirrors(others, Release.bookworm)).toBeUndefined();
    expect(recipe(Release.bookworm, { settings: [] }).sources).toEqual([]);
});

test("name servers on loopback are of no use to a host", () => {
    expect(
        reachableNameservers("# stub\nnameserver 127.0.0.53\nnameserver 192.0.2.53\nsearch example.org\nsortlist x\n"),
    ).toBe("nameserver 192.0.2.53\nsearch example.org\n");
});

test("a base root is named after everything it is made from", () => {
    const mirrors = { release: "http://a/debian", security: "http://a/security" };
    const source = { mirrors, settings: [] };
    expect(digest(recipe(Release.bookworm, source))).toBe(digest(recipe(Release.bookworm, { ...source })));
    expect(digest(recipe(Release.bookworm, source))).not.toBe(
        digest(recipe(Release.bookworm, { ...source, mirrors: { ...mirrors, release: "http://b/debian" } })),
    );
});

test("the base root has none of what the library installs", () => {
    const { packages } = recipe(Release.bookworm, { settings: [] });
    expect(packages).not.toEqual(
        expect.arrayContaining([expect.stringMatching(/keepalived|haproxy|mariadb|drbd|curl|python/)]),
    );
});
