import Fixtures
import Glibc
import Processes
import Testing

extension ProcessesTests {
    @Suite struct SpawnDiagnosisTests {
        let folder = TemporaryFolder()

        /// Starts a program that cannot start.
        private func failure(
            of program: String, _ arguments: [String] = [], environment: Environment = Environment(), in directory: String? = nil
        ) -> SystemError? {
            var spawn = Spawn(program, arguments: [program] + arguments, environment: environment)
            spawn.workingDirectory = directory
            return #expect(throws: SystemError.self) { try spawn.start() }
        }

        @Test func `missing program`() {
            #expect(failure(of: "/no/such/program")?.description == "cannot run /no/such/program: no such file or directory")
        }

        @Test func `missing interpreter`() throws {
            let program = try folder.program("program", "#! /usr/bin/foo -x\n")
            let error = failure(of: program)
            #expect(error?.code == ENOENT)
            #expect(error?.description == "cannot run \(program): interpreter '/usr/bin/foo' not found")
        }

        @Test func `interpreter line from Windows`() throws {
            let program = try folder.program("program", "#!/bin/sh\r\necho\r\n")
            #expect(failure(of: program)?.reason == "interpreter '/bin/sh' not found: the '#!' line ends in a carriage return")
        }

        @Test func `relative program is looked for in its folder`() throws {
            try folder.write("#!/no/interpreter\n", to: "here", mode: 0o755)
            #expect(failure(of: "./here", in: folder.path)?.reason == "interpreter '/no/interpreter' not found")
        }

        @Test func `no run bit`() throws {
            let program = try folder.write("#!/bin/sh\n", to: "plain")
            let error = failure(of: program)
            #expect(error?.code == EACCES)
            #expect(error?.description == "cannot run \(program): not marked as executable")
            #expect(failure(of: folder.path)?.reason == "not a file")
        }

        @Test func `interpreter without run bit`() throws {
            let interpreter = try folder.write("", to: "interpreter")
            let program = try folder.program("program", "#!\(interpreter)\n")
            #expect(failure(of: program)?.reason == "interpreter '\(interpreter)': permission denied")
        }

        @Test func `neither a script nor a program`() throws {
            let program = try folder.program("program", "echo hello\n")
            let error = failure(of: program)
            #expect(error?.code == ENOEXEC)
            #expect(error?.description == "cannot run \(program): no '#!' line, and not a program")
        }

        @Test func `missing working directory`() {
            #expect(failure(of: "/bin/true", in: "/no/such/folder")?.description
                == "cannot run /bin/true: working directory /no/such/folder: no such file or directory")
        }

        @Test func `too long an argument`() {
            let error = failure(of: "/bin/true", ["a", String(repeating: "x", count: 131_072)])
            #expect(error?.code == E2BIG)
            #expect(error?.description == "cannot run /bin/true: argument 2 is 131072 bytes long, and the limit is 131071")
        }

        @Test func `too long in all`() {
            let arguments = [String](repeating: String(repeating: "x", count: 100_000), count: 100)
            #expect(failure(of: "/bin/true", arguments)?.reason
                == "arguments and environment are too long together (10000110 bytes)")
        }

        @Test func `NUL bytes`() {
            #expect(failure(of: "/bin/true", ["a\0b"])?.description == "cannot run /bin/true: argument 1 contains a NUL byte")
            #expect(failure(of: "/bin/true", environment: Environment(["COLOUR": "\0"]))?.reason
                == "environment variable COLOUR contains a NUL byte")
            #expect(failure(of: "/bin/true\0x")?.reason?.hasSuffix("contains a NUL byte") == true)
            #expect(failure(of: "/bin/true", in: "/\0")?.reason == "a path contains a NUL byte")
        }
    }
}
