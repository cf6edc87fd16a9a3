import Glibc
import Processes
import Testing

struct RestingMemoryTests {
    @Test("A process at rest keeps less of its program in memory, and works on")
    func lettingGo() throws {
        // What only the start needs is mapped in any process; here also each function that another test has run.
        let before = try residentCode()
        var fewest = before
        // Tests beside this one map their code again.
        for _ in 0..<20 where fewest > before / 2 {
            RestingMemory.giveBack()
            fewest = min(fewest, try residentCode())
        }
        #expect(fewest <= before / 2)
    }

    /// Resident kilobytes of this process's own file.
    private func residentCode() throws -> Int {
        let file = try #require(fopen("/proc/self/smaps", "r"))
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 4096)
        var isOwn = false
        var sum = 0
        while fgets(&line, Int32(line.count), file) != nil {
            let text = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
            if text.hasPrefix("Rss:") {
                if isOwn, let size = text.split(separator: " ").dropFirst().first { sum += Int(size) ?? 0 }
            } else if text.first.map({ $0.isHexDigit && !$0.isUppercase }) == true, text.contains("-") {
                isOwn = text.contains("PackageTests")
            }
        }
        return sum
    }
}
