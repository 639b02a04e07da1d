"""What is in a journal."""
import sqlite3


def rows(journal, query="SELECT task, text, success FROM result ORDER BY task"):
    database = sqlite3.connect(journal)
    try:
        return database.execute(query).fetchall()
    finally:
        database.close()


def recorded(journal):
    try:
        return len(rows(journal))
    except sqlite3.OperationalError:  # not made yet
        return 0
