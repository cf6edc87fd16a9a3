import CLinux
import Glibc
import Processes
import Fixtures
import Testing

extension ProcessesTests {
    @Suite struct PrivateFileTests {
        private let folder = TemporaryFolder()
        private let opening = PrivateFile("open log file", access: O_WRONLY | O_APPEND)

        private func mode(_ path: String) -> mode_t {
            var status = stat()
            return stat(path, &status) == 0 ? status.st_mode & 0o777 : 0
        }

        private func refusal(_ path: String) -> String {
            do throws(SystemError) {
                _ = try opening.open(path)
                return ""
            } catch {
                return error.description
            }
        }

        @Test func `a new file is for its owner alone, or for a group too`() throws {
            _ = try opening.open("\(folder.path)/a")
            #expect(mode("\(folder.path)/a") == 0o600)
            _ = try PrivateFile("open log file", access: O_WRONLY, group: getegid()).open("\(folder.path)/b")
            #expect(mode("\(folder.path)/b") == 0o640)
        }

        @Test func `a file keeps the mode that its owner gave it, and what stands in it`() throws {
            let path = try folder.write("one\n", to: "a", mode: 0o644)
            try opening.open(path).write("two\n")
            #expect(mode(path) == 0o644)
            #expect(folder.read("a") == "one\ntwo\n")
        }

        @Test func `a named pipe is refused instead of waited for`() throws {
            let path = "\(folder.path)/pipe"
            mkfifo(path, 0o600)
            #expect(refusal(path) == "cannot open log file \(path): it is a named pipe or a socket, not a file")
            let reader = OwnedDescriptor(owning: open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC))
            #expect(refusal(path) == "cannot open log file \(path): it is a named pipe, not a file: writing would block without a reader")
            _ = try reader.waitReadable(timeout: .zero)
        }

        @Test func `a link of ours is followed, also to a file that is not there yet`() throws {
            symlink("b", "\(folder.path)/a")
            symlink("\(folder.path)/c", "\(folder.path)/b")
            try opening.open("\(folder.path)/a").write("x")
            #expect(folder.read("c") == "x")
            symlink("d", "\(folder.path)/d")
            #expect(refusal("\(folder.path)/d") == "cannot open log file \(folder.path)/d: too many levels of symbolic links")
        }

        @Test(.enabled(if: geteuid() == 0, "needs root")) func `a link of another user is not followed`() throws {
            let path = "\(folder.path)/a"
            try folder.write("", to: "b")
            symlink("b", path)
            lchown(path, 65_534, 65_534)
            #expect(refusal(path) == "cannot open log file \(path): it is a link owned by user \(AccountName.user(65_534))")
            // Of the user that the process is to become it is.
            let owner = try #require(try Privileges(user: "65534", group: "65534"))
            _ = try PrivateFile("open log file", access: O_WRONLY, owner: owner).open(path)
        }

        @Test func `the names of open files stand for them, whatever they are`() throws {
            let pipe = try Pipe()
            let opened = try opening.open("/proc/self/fd/\(pipe.writeEnd.number)")
            try opened.write("x")
            var byte: UInt8 = 0
            #expect(read(pipe.readEnd.number, &byte, 1) == 1)
            #expect(opened.number > 2)
            _ = try opening.open("/dev/null")
        }
    }
}
