package import CeleryCore

/// A type whose JSON form is not the one its `Codable` conformance makes: a date, data, a URL.
///
/// The types are Foundation's, and the conformances stand in `FoundationValues`, so that the `celery` command, which has no
/// tasks in Swift, can do without Foundation.
package protocol HasJSONForm {
    /// The value as shells and Python programs can read it.
    var jsonForm: JSON { get }

    /// - Throws: `DecodingError`.
    init(jsonForm node: JSONNode) throws
}
