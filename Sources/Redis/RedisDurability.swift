/// How a Redis server is configured to keep its data, as `INFO` tells.
package struct RedisDurability: Equatable {
    /// Whether each write is logged (`appendonly yes`).
    package var hasLog: Bool
    /// What is deleted when memory is full (`maxmemory-policy`).
    package var evictionPolicy: String
    /// Whether memory has a limit (`maxmemory`).
    package var hasMemoryLimit: Bool

    /// - Parameter info: The reply to `INFO`: lines `name:value`, in sections.
    package init(info: String) {
        var facts: [Substring: Substring] = [:]
        for line in info.split(whereSeparator: \.isNewline) {
            guard let colon = line.firstIndex(of: ":") else { continue }
            facts[line[..<colon]] = line[line.index(after: colon)...]
        }
        // A server that hides a fact is not accused.
        hasLog = facts["aof_enabled"] != "0"
        evictionPolicy = String(facts["maxmemory_policy"] ?? "noeviction")
        hasMemoryLimit = facts["maxmemory"].map { $0 != "0" } ?? false
    }

    /// What may be lost, one sentence each.
    ///
    /// - Parameter content: What the server keeps: `results`.
    package func warnings(of location: String, keeping content: String) -> [String] {
        var warnings: [String] = []
        if !hasLog {
            warnings.append(
                "\(location) keeps no append-only file, so a crash or power cut loses recent \(content); set appendonly yes in redis.conf")
        }
        if hasMemoryLimit, evictionPolicy != "noeviction" {
            warnings.append(
                "\(location) deletes \(content) when its memory is full (maxmemory-policy \(evictionPolicy)); set maxmemory-policy noeviction")
        }
        return warnings
    }
}
