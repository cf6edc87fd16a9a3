/// How results are written to the tables of Python's Celery.
public enum PythonResultFormat: String, Sendable {
    /// As Celery 5.7 writes them. Earlier versions cannot read them.
    case json
    /// As Celery up to 5.6 writes them. 5.7 reads them, with a warning for each.
    case pickle
}
