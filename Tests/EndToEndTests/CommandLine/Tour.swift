/// The tour of the README: its commands, and what they print.
struct Tour {
    struct Step {
        /// Several lines for a command that goes on after `> `.
        var command: String
        var expected: [String]
    }

    let steps: [Step]

    /// Reads the `console` blocks of the section.
    init(readme: String) {
        var steps: [Step] = []
        var isInSection = false
        var isInBlock = false
        for line in readme.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("## ") { isInSection = line == "## A five-minute tour" }
            guard isInSection else { continue }
            if line.hasPrefix("```") {
                isInBlock = line == "```console"
            } else if isInBlock {
                if line.hasPrefix("$ ") {
                    steps.append(Step(command: String(line.dropFirst(2)), expected: []))
                } else if line.hasPrefix("> ") || line == ">" {
                    steps[steps.count - 1].command += "\n" + line.dropFirst(2)
                } else {
                    steps[steps.count - 1].expected.append(String(line))
                }
            }
        }
        self.steps = steps
    }

    /// One shell session that runs all steps, with a mark before each one's output.
    var script: String {
        steps.enumerated().map { index, step in
            // The status of a step is seen by the next, as at a prompt.
            "status=$?; echo '\(Self.mark)\(index)'; (exit $status)\n\(step.command)\n"
        }.joined()
    }

    /// What each step printed, in the output of `script`.
    static func outputs(_ output: String) -> [[String]] {
        var outputs: [[String]] = []
        for line in output.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
            if line.hasPrefix(mark) { outputs.append([]) } else if !outputs.isEmpty { outputs[outputs.count - 1].append(String(line)) }
        }
        return outputs
    }

    private static let mark = "@@@ step "

    /// Whether a printed line is the expected one, where `...` stands for anything.
    static func matches(_ line: String, _ pattern: String) -> Bool {
        let parts = pattern.split(separator: "...", omittingEmptySubsequences: false)
        guard parts.count > 1 else { return line == pattern }
        guard line.hasPrefix(parts[0]), line.hasSuffix(parts[parts.count - 1]) else { return false }
        var rest = line.dropFirst(parts[0].count)
        for part in parts.dropFirst().dropLast() where !part.isEmpty {
            guard let found = rest.firstRange(of: part) else { return false }
            rest = rest[found.upperBound...]
        }
        return rest.count >= parts[parts.count - 1].count
    }
}
