// The SDK loads npm's dependency resolver, a third of its start, to pack functions of a program for a cloud: here it is loaded when that is first done.
// https://github.com/pulumi/pulumi/blob/master/sdk/nodejs/runtime/closure/codePaths.ts
import Module from "node:module";

const PACKAGER = "@npmcli/arborist";

type Load = (this: unknown, request: string, parent: NodeJS.Module | undefined, isMain: boolean) => unknown;

/** From now on the SDK gets the resolver's only class when it asks for it; everybody else gets the package as ever. */
export function loadPackagerLate(): void {
    const loader = Module as unknown as { _load: Load };
    const load = loader._load;
    loader._load = function (request, parent, isMain) {
        if (request !== PACKAGER || !parent?.filename.includes("@pulumi/pulumi/")) {
            return load.call(this, request, parent, isMain);
        }
        const whole = () => load.call(this, request, parent, isMain) as { Arborist: unknown };
        return {
            __esModule: true, // as it is: a copy of its properties would load it
            get Arborist() {
                return whole().Arborist;
            },
        };
    };
}
