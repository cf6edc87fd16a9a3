// The entry point of every `celery` command: parse, detach if asked, and only then
// start concurrent code.

import Arguments
import CeleryCore
import Dispatch
import Glibc
import Processes
package import Tasks
import Worker

/// The `celery` program, with additional tasks in Swift.
package struct Program: Sendable {
    private let tasks: Result<[TaskDefinition], any Error>

    /// - Parameter tasks: Swift tasks to add to those of the project.
    package init(tasks: Result<[TaskDefinition], any Error> = .success([])) { self.tasks = tasks }

    /// Runs the command line, and exits.
    package func main() -> Never {
        StandardStreams.fillGaps()
        OwnExecutable.limitHeaps(to: 1)
        do {
            let role = try Role.take()
            let words = RawArguments.read()
            let builtIn = try tasks.get()
            if words.words.first == PoolChildMain.argument { serveAsChild(builtIn) }
            leave(run(words, role, builtIn))
        } catch {
            Report.print(Report.describe(error), command: nil, to: Output())
            leave(Report.describe(error).status)
        }
    }

    /// Exits without running the exit handlers of C libraries: they free memory that the thread of a closing
    /// connection may still use (`OPENSSL_cleanup(3)`).
    private func leave(_ status: Int32) -> Never {
        fflush(nil)
        _exit(status)
    }

    private func run(_ words: RawArguments, _ role: Role, _ builtIn: [TaskDefinition]) -> Int32 {
        let environment = Self.environment()
        let parsed: ParsedArguments
        do throws(ArgumentError) {
            parsed = try ArgumentParser.parse(words, table: CeleryTable.table, environment: environment)
        } catch {
            Report.print(Report.describe(error), command: error.command, to: Output())
            return ExitCode.usage
        }
        let output = Output(
            format: parsed[GlobalOptions.json] ? .json : .text, isQuiet: parsed[GlobalOptions.quiet],
            allowsColor: !parsed[GlobalOptions.noColor])
        let status: Int32
        switch parsed.request {
        case .version:
            output.line("celery \(Version.text)")
            status = ExitCode.done
        case .help(let spec):
            output.line(HelpPage.of(spec))
            status = ExitCode.done
        case .run(let spec):
            status = run(spec, parsed, output, environment, role, builtIn)
        }
        output.flush()
        return status
    }

    private func run(
        _ spec: CommandSpec, _ parsed: ParsedArguments, _ output: Output, _ environment: [String: String], _ role: Role,
        _ builtIn: [TaskDefinition]
    ) -> Int32 {
        do {
            let context = CommandContext(
                arguments: parsed, output: output, environment: environment,
                folder: try Self.enterFolder(parsed[GlobalOptions.workdir]), builtIn: builtIn, role: role)
            guard let command = CeleryTable.action(of: spec) else {
                throw CommandError(ExitCode.ownBug, "command '\(spec.qualifiedName)' has no action")
            }
            switch try command.launch(context) {
            case .exit(let status): return status
            case .run(let body):
                // An object that a thread still holds would close its file too late.
                defer { context.clients.closeFiles() }
                return try Self.wait(body)
            }
        } catch let error as Quit {
            return error.status
        } catch {
            let described = Report.describe(error)
            Report.print(described, command: spec.qualifiedName, to: output)
            if let readiness = role.readiness {
                let hint = described.hint.map { "\nhint: \($0)" } ?? ""
                readiness.fail("celery \(spec.qualifiedName): \(described.message)\(hint)", status: described.status)
            }
            return described.status
        }
    }

    /// Runs concurrent code to its end. Blocks the calling thread.
    private static func wait(_ body: @escaping @Sendable () async throws -> Int32) throws -> Int32 {
        let done = DispatchSemaphore(value: 0)
        let box = ResultBox()
        Task {
            do {
                box.put(.success(try await body()))
            } catch {
                box.put(.failure(error))
            }
            done.signal()
        }
        done.wait()
        return try box.take().get()
    }

    private func serveAsChild(_ builtIn: [TaskDefinition]) -> Never {
        var registry = TaskRegistry()
        for definition in builtIn { try? registry.register(definition) }
        let tasks = registry
        Task { await PoolChildMain.run(registry: tasks) }
        dispatchMain()
    }

    private static func enterFolder(_ folder: String?) throws -> String {
        if let folder, chdir(folder) != 0 {
            let reason = String(cString: strerror(errno)).lowercased()
            throw CommandError(ExitCode.usage, "cannot change to folder \(folder): \(reason)")
        }
        guard let path = getcwd(nil, 0) else {
            throw CommandError(ExitCode.usage, "the working folder does not exist")
        }
        defer { free(path) }
        return String(cString: path)
    }

    /// The environment variables of this process that are valid text.
    private static func environment() -> [String: String] {
        Environment.current().textVariables
    }
}
