import CeleryCore
import Foundation
import Wire

/// The recordings of what Python Celery put on the wire.
///
/// They live in `shared/golden` beside the checkout, or where CELERY_GOLDEN says.
/// Without them the tests fail; they are never skipped.
enum Golden {
    struct Missing: Error, CustomStringConvertible {
        var description: String {
            "the golden recordings are missing: put shared/golden beside the checkout, or name the folder in CELERY_GOLDEN"
        }
    }

    /// The folder, searched upwards from this file.
    static let folder: URL? = {
        if let path = ProcessInfo.processInfo.environment["CELERY_GOLDEN"] {
            let url = URL(filePath: path, directoryHint: .isDirectory)
            return isFolder(url) ? url : nil
        }
        var place = URL(filePath: #filePath).deletingLastPathComponent()
        while place.path(percentEncoded: false) != "/" {
            let candidate = place.appending(path: "shared/golden", directoryHint: .isDirectory)
            if isFolder(candidate) { return candidate }
            place = place.deletingLastPathComponent()
        }
        return nil
    }()

    private static func isFolder(_ url: URL) -> Bool {
        var isDirectory: ObjCBool = false
        return FileManager.default.fileExists(atPath: url.path(percentEncoded: false), isDirectory: &isDirectory)
            && isDirectory.boolValue
    }

    /// The recordings whose names begin with `prefixes`; one name that fails to load if there are none.
    static func names(_ prefixes: String...) -> [String] {
        let all = folder.flatMap { try? FileManager.default.contentsOfDirectory(atPath: $0.path(percentEncoded: false)) }
        let names = (all ?? []).filter { name in prefixes.contains { name.hasPrefix($0) } }.sorted()
        return names.isEmpty ? ["missing"] : names
    }

    static func load(_ name: String) throws -> JSON {
        guard let folder else { throw Missing() }
        return try JSON(parsing: [UInt8](Data(contentsOf: folder.appending(path: name))))
    }

    /// A recorded message.
    static func message(_ name: String) throws -> WireMessage {
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
