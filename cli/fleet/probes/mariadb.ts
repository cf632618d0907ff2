import { sized } from "../../../components/galera-cluster/conf";
import { isDynamic } from "../../../components/galera-cluster/variables";
import type { Manifest } from "../../../remote/manifest";
import type { Difference, Probe } from "./probe";

const SERVICE = "mariadb.service";

/** A setting of the MariaDB server that an option file of a unit states. */
export interface Setting {
    file: string;
    name: string;
    value: string;
}

const GROUPS = ["mysqld", "mariadbd", "server", "mariadb", "galera"];

/**
 * Settings whose value the running server tells in the words of its option file. Others are left out: the server completes, resolves or reorders them
 * (paths, lists, addresses), or they change while it runs.
 */
const isComparable = ({ name, value }: Setting): boolean =>
    /^[a-z0-9_]+$/.test(name) &&
    /^([0-9]+[KMGTPE]?|[0-9]+\.[0-9]+|ON|OFF|TRUE|FALSE|[A-Za-z_]+)$/i.test(value) &&
    !/^wsrep_(slave_threads|provider|sst|mode)|^(bind_address|skip_name_resolve|innodb_buffer_pool_size)$/.test(name);

/** The comparable settings in the option files of a unit that runs a MariaDB server; the last one of a name counts. */
export function settingsOf({ files, services }: Manifest): Setting[] {
    if (!services.some(({ name, running }) => name === SERVICE && running)) return [];
    const settings = files
        .filter(({ path, fill }) => path.endsWith(".cnf") && !fill?.length)
        .sort((a, b) => (a.path < b.path ? -1 : 1))
        .flatMap(({ path, content }) => {
            let group = "";
            return content.split("\n").flatMap((line): Setting[] => {
                group = /^\[(.*)\]/.exec(line.trim())?.[1] ?? group;
                const [, name, value] = /^([A-Za-z0-9_-]+)\s*=\s*"?([^"#]*?)"?\s*$/.exec(line.trim()) ?? [];
                return name === undefined || value === undefined || !GROUPS.includes(group)
                    ? []
                    : [{ file: path, name: name.replaceAll("-", "_"), value }];
            });
        })
        .filter(isComparable);
    return [...new Map(settings.map((setting) => [setting.name, setting])).values()];
}

/** A value in the words of `SHOW VARIABLES`. */
export function spoken(stated: string): string {
    // Of a variable that takes fractions the server tells six decimals.
    const value = stated.replace(/^(-?\d+)\.(\d*?)0*$/, (_, whole: string, rest: string) =>
        rest === "" ? whole : `${whole}.${rest}`,
    );
    if (/^(on|true|1)$/i.test(value)) return "ON";
    if (/^(off|false|0)$/i.test(value)) return "OFF";
    return sized(value).toUpperCase();
}

/** What a person types to give the running server the value. */
const command = ({ name, value }: Setting): string =>
    isDynamic(name)
        ? `mariadb -e "SET GLOBAL ${name} = ${/^[A-Z_]+$/i.test(value) ? `'${value}'` : sized(value)}"`
        : `systemctl restart ${SERVICE}`;

/** MariaDB keeps variables, of which some can be given another value while it runs. */
export const mariadb: Probe = {
    name: "mariadb",
    command: (manifest) => {
        const names = settingsOf(manifest).map(({ name }) => `'${name}'`);
        return names.length === 0
            ? undefined
            : `mariadb --no-defaults --skip-ssl --protocol=socket --socket=/run/mysqld/mysqld.sock --user=root --connect-timeout=3 --batch --skip-column-names --execute="SHOW GLOBAL VARIABLES WHERE Variable_name IN (${names.join(",")})"`;
    },
    differences: (manifest, told): Difference[] => {
        const variables = new Map(
            told.split("\n").map((line): [string, string] => {
                const [name = "", value = ""] = line.split("\t");
                return [name, value];
            }),
        );
        return settingsOf(manifest).flatMap((setting): Difference[] => {
            const runs = variables.get(setting.name);
            return runs === undefined || spoken(runs) === spoken(setting.value)
                ? []
                : [
                      {
                          subject: `${SERVICE} ${setting.name}`,
                          runs,
                          states: setting.value,
                          file: setting.file,
                          commands: [command(setting)],
                      },
                  ];
        });
    },
};
