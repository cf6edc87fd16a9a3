package import CeleryCore
import Foundation

/// The recordings of what Python Celery put on the wire, in `Tests/Golden`.
package enum Golden {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Golden", directoryHint: .isDirectory)

    /// The recordings whose names begin with `prefixes`; one name that fails to load if there are none.
    package static func names(_ prefixes: String...) -> [String] {
        let all = groups.flatMap { contents(of: folder.appending(path: $0)) }
        let names = all.filter { name in prefixes.contains { name.hasPrefix($0) } }.sorted()
        return names.isEmpty ? ["missing"] : names
    }

    /// The folders of the recordings, each named as its recordings begin.
    private static let groups = contents(of: folder)

    private static func contents(of folder: URL) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: folder.path(percentEncoded: false))) ?? []
    }

    private static func file(_ name: String) -> URL {
        let group = groups.first { name.hasPrefix($0 + "-") }
        return folder.appending(path: group.map { "\($0)/\(name)" } ?? name)
    }

    package static func load(_ name: String) throws -> JSON {
        try JSON(parsing: [UInt8](Data(contentsOf: file(name))))
    }

    package static func text(_ name: String) throws -> String {
        String(decoding: try Data(contentsOf: file(name)), as: UTF8.self)
    }

    /// A recorded message.
    package static func message(_ name: String) throws -> WireMessage {
        let recording = try load(name)
        let properties = recording["properties"]
        let body =
            recording["body_utf8"]?.stringValue.map { [UInt8]($0.utf8) }
            ?? [UInt8](Data(base64Encoded: recording["body_base64"]?.stringValue ?? "") ?? Data())
        return WireMessage(
            exchange: recording["exchange"]?.stringValue ?? "", routingKey: recording["routing_key"]?.stringValue ?? "",
            properties: WireProperties(
                contentType: properties?["content_type"]?.stringValue,
                contentEncoding: properties?["content_encoding"]?.stringValue,
                deliveryMode: properties?["delivery_mode"]?.intValue, priority: properties?["priority"]?.intValue,
                correlationID: properties?["correlation_id"]?.stringValue,
                replyTo: properties?["reply_to"]?.stringValue, expiration: properties?["expiration"]?.stringValue),
            headers: recording["headers"]?.objectValue ?? [:], body: body)
    }
}
