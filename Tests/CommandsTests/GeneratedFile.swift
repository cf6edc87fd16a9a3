import Arguments
import Foundation
import Testing

@testable import Commands

/// A file of the checkout that is made from the command table and the tables of settings.
struct GeneratedFile: Sendable, CustomTestStringConvertible {
    /// Seen from the top of the checkout.
    let path: String
    let text: String

    var testDescription: String { path }
    var url: URL { Self.checkout.appending(path: path) }

    static let checkout = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Pages that are written by hand.
    static let handwritten = ["celery.7"]

    static let all: [GeneratedFile] = {
        let table = CeleryTable.table
        let commands = table.shownCommands.map { command in
            GeneratedFile(path: "man/\(ManPage.name(of: command, in: table)).1", text: ManPage.render(command, in: table))
        }
        return [GeneratedFile(path: "man/\(ManPage.name(of: nil, in: table)).1", text: ManPage.render(table))] + commands + [
            GeneratedFile(
                path: "man/\(SettingsPage.page.name).\(SettingsPage.page.section)", text: SettingsPage.page.render(in: table)),
            GeneratedFile(path: "Completions/celery.bash", text: BashCompletion.render(table)),
            GeneratedFile(path: "Completions/_celery", text: ZshCompletion.render(table)),
            GeneratedFile(path: "Completions/celery.fish", text: FishCompletion.render(table)),
        ]
    }()

    /// The files in a folder of the checkout.
    static func names(in folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: checkout.appending(path: folder).path).sorted()
    }
}
