import { checks, files, renderServices } from "../../../../components/ha-pair/render";
import { spec } from "./specs";

const conf = "/etc/nginx/conf.d/shop.conf";
const pair = spec({
    services: {
        web: { preset: "nginx", files: { [conf]: "a\n" } },
        api: { systemdUnit: "api", check: "api --test", files: { "/etc/api.conf": "b\n" } },
        other: { preset: "nfs-server" },
        plain: { systemdUnit: "plain", check: "never called" },
    },
});

test("files of services, and what tells that they are right", () => {
    expect(files(pair)).toEqual({ [conf]: "a\n", "/etc/api.conf": "b\n" });
    expect(checks(pair)).toEqual([
        { name: "web accepts its configuration", command: "nginx -t -q" },
        { name: "api accepts its configuration", command: "api --test" },
    ]);
});

test("PostgreSQL, which a generator of systemd starts, is left to the cluster by a file of its own", () => {
    const database = spec({ engine: "pacemaker", services: { sql: { preset: "postgresql" } } });
    expect(files(database)).toEqual({ "/etc/postgresql/15/main/start.conf": "manual\n" });
    const newer = { preset: "postgresql", systemdUnit: "postgresql@17-shop" } as const;
    expect(files(spec({ engine: "pacemaker", services: { sql: newer } }))).toEqual({
        "/etc/postgresql/17/shop/start.conf": "manual\n",
    });
    expect(files(spec({ engine: "keepalived", services: { sql: { preset: "postgresql" } } }))).toEqual({});
});

test("with keepalived a service is restarted for a file of its own alone", () => {
    const { files: found, validators } = renderServices(pair);
    expect(found.map(({ path, onChange }) => [path, onChange.map(({ target }) => target)])).toEqual([
        [conf, ["nginx.service"]],
        ["/etc/api.conf", ["api.service"]],
    ]);
    expect(validators).toEqual(checks(pair));
});
