import { remembered } from "../../../toolchain/language-host/remembered-stacks";

const places = (frames: NodeJS.CallSite[]) => frames.map((frame) => `\n    at ${frame.getLineNumber()}`).join("");
const format = jest.fn((error: Error, frames: NodeJS.CallSite[]): unknown => `${error}${places(frames)}`);

const before = Object.getOwnPropertyDescriptor(Error, "prepareStackTrace") ?? { value: undefined };
beforeEach(() => {
    format.mockClear();
    Error.prepareStackTrace = remembered(format);
});
afterEach(() => Object.defineProperty(Error, "prepareStackTrace", before));

/** What the SDK keeps to itself. */
interface Debuggable {
    debuggablePromise: (promise: Promise<void>, context: string) => Promise<void>;
}

const stackOf = (message: string) => new Error(message).stack;

test("a stack of the same places is looked up once, and keeps its own message", () => {
    const stacks = ["one", "two"].map(stackOf);
    expect(format).toHaveBeenCalledTimes(1);
    expect(stacks[0]).toMatch(/^Error: one\n {4}at \d+\n/);
    expect(stacks[1]).toBe(stacks[0]?.replace("one", "two"));
});

test("stacks of different places stay apart", () => {
    const first = stackOf("here");
    const second = stackOf("here");
    expect(second).not.toBe(first);
    expect(format).toHaveBeenCalledTimes(2);
});

test("what is no text of frames is made anew each time", () => {
    Error.prepareStackTrace = remembered((_, frames) => frames);
    const frames = () => new Error("frames").stack as unknown as NodeJS.CallSite[];
    const lists = [1, 2].map(frames);
    expect(lists[0]?.[0]?.getLineNumber()).toEqual(expect.any(Number));
    expect(lists[0]).not.toBe(lists[1]);
});

test("what a format says beside an error's name and message is not taken for another error's", () => {
    Error.prepareStackTrace = remembered((error, frames) => `${error} (code ${error.message})${places(frames)}`);
    expect(["a", "b"].map(stackOf).map((stack) => stack?.split("\n")[0])).toEqual([
        "Error: a (code a)",
        "Error: b (code b)",
    ]);
});

test("of the SDK's promises no place is looked up, unless leaks of them are debugged", () => {
    const { debuggablePromise } = jest.requireActual<Debuggable>("@pulumi/pulumi/runtime/debuggable");
    const stackOfPromise = () => {
        const promise: Promise<void> & { _debugStackTrace?: string } = Promise.resolve();
        void debuggablePromise(promise, "of a test");
        return promise._debugStackTrace;
    };
    expect(stackOfPromise()).toBe("Error");
    expect(format).not.toHaveBeenCalled();
    Error.prepareStackTrace = remembered(format, true);
    expect(stackOfPromise()).toMatch(/^Error\n {4}at \d+\n/);
});
